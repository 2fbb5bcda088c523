"""Why somebody does not come in through the identity provider, in words."""

from shared.values.messages import Message


class ProviderFailed(Exception):
    """The provider does not answer as it must; nobody is at fault who wants to sign in."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


class ProviderRefusal(Exception):
    """The provider knows who it is, and we do not let them in."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy
