"""Programs from the objects of other libraries."""
