"""Scheduled jobs: what they are, when they are due, and who carries them out."""
