"""What passes between the app and a training run: snapshot, run folder, events.

Both sides read and write these files and nothing else of each other. Importing this package
imports neither torch nor the database.
"""
