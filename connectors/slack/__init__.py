"""Slack, for the alerts: one incoming webhook.

Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/
"""
