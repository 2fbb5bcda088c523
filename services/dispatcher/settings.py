"""The dispatcher's own settings."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Variables that begin with DISPATCHER_."""

    PREFIX = "DISPATCHER_"

    senders: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Connections to the mail server, of each process that sends.",
        examples=["8"],
    )
    company_senders: bool = Field(
        default=False,
        description="Whether a company may let its surveys come from an address of its own, once the records "
        "of its domain have been seen in DNS. Set it only where the mail server lets us send mails with any "
        "From: one that refuses a mail for its From stops the mail of all companies.",
        examples=["true"],
    )
    import_days: int = Field(
        default=7,
        ge=1,
        le=30,
        description="For how many days a file that was uploaded waits to be begun, and the faulty rows of "
        "one that was taken can be downloaded. Then their cells are deleted.",
        examples=["3"],
    )
