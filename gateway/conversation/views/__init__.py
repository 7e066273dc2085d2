"""The screens of the menu, one file per group.

`gateway.conversation.menu` knows them all.
"""
