"""The daily summary: figures of one day against the usual, as text and as HTML."""
