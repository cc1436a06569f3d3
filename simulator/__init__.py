"""
The simulated shop: people first, then what each system would hold of them, with the truth beside it.

`python -m simulator --help` is the command; `simulator.tables` documents the life tables, `simulator.systems` how a
system is added, `simulator.settings` every argument and every planted trap.

    settings   what the shop is a function of        draws      counter-based random numbers
    catalogue  what is sold, where, and when         people     who they are
    lives      what they do and what befalls them    orders     goods and money
    service    parcels, reviews, tickets             loyalty    points and tiers
    marketing  consent, messages, web                scenes     the named people
    tables     the life tables                       loader     what had been delivered by when
    systems/   one module per system                 truth      what really happened
    shop       one block of people from end to end   __main__   the command line
"""
