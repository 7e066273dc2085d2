"""The texts that the gateway says and the words that it understands, in each worker's language."""

from gateway.phrases.book import AnswerWords, Phrasebook, UnknownPhrase, Words, book_in, books

__all__ = ["AnswerWords", "Phrasebook", "UnknownPhrase", "Words", "book_in", "books"]
