"""Telegram, for the alerts that Slack does not take: one bot and one chat.

Source: https://core.telegram.org/bots/api
"""
