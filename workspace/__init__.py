"""The user's folder, and what every room needs of it."""
