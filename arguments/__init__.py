"""What each command takes: one function a command that parses, calls one function and prints."""
