"""Clients: groups, chances, what helps whom, and where to put the next place."""

from impactmodel.clients.clients import Clients, ClientTable
from impactmodel.clients.features import Category, Feature, Flag, Number
from impactmodel.clients.target import Target

__all__ = ["Category", "ClientTable", "Clients", "Feature", "Flag", "Number", "Target"]
