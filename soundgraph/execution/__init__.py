"""Runs a plan, and reports as it goes.

`builder.build` is the way in: passes over the plan (`build_round`), in each of which a node goes from state to state
(`node_state`). What a node turns out to be (`deciding`), which actions are this build's (`claims`), and which files can
be delivered (`delivering`) are decided apart from what is done: in the pool (`pool_work`), in the generator's thread
(`generator_thread`, with the models of `loaded_models`), and on the way into the cache (`result_buffer`).
`outcome` has what goes in and comes out. `reproduce` runs a plan again to compare, and keeps nothing.
"""
