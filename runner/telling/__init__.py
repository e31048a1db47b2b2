"""Ways to reach people: mail over SMTP, and a webhook."""
