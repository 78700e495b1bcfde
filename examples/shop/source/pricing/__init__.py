"""Prices with the tax of a country."""
