"""The texts that the gateway says and the words that it understands, in each worker's language."""

from gateway.phrases.book import (
    CommandWords,
    Phrasebook,
    PhrasebookWords,
    UnknownPhrase,
    book_in,
    books,
)

__all__ = ["CommandWords", "Phrasebook", "PhrasebookWords", "UnknownPhrase", "book_in", "books"]
