"""What people say to the service that isn't a question about the articles: small talk, and requests for a summary."""
