"""Who somebody is: the team, and how far a sender is proven. Values in, values out."""
