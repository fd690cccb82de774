"""A config whose text is formatted once."""

from mmengine.config import Config

#: Attributes that a config keeps beside its values: the last text, and the values that it shows.
TEXT, SHOWN = '_formatted_text', '_formatted_values'


class FormattedOnce(Config):
    """A config that keeps its text while its values stay the same.

    A run asks for it four times, for its log, its folder, its back ends and its checkpoints, and
    yapf takes a third of a second each time.
    """

    @classmethod
    def of(cls, cfg: Config) -> 'FormattedOnce':
        """``cfg`` with the same values, not copied."""
        other = cls.__new__(cls)
        other.__dict__.update(cfg.__dict__)
        return other

    @property
    def pretty_text(self) -> str:
        """As in mmengine."""
        values, own = repr(self._cfg_dict), self.__dict__
        if own.get(SHOWN) != values:
            own.update({TEXT: super().pretty_text, SHOWN: values})
        text: str = own[TEXT]
        return text
