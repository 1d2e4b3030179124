"""Results by content: sounds and records as files, the index over them, locks between builds, collection, repair and
transport.
"""
