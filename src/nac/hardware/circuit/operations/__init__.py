"""The operations of which circuits are made, one file each."""
