"""Takes a lake, gives it again elsewhere: copies, backups that grow by what is new, lakes brought back."""
