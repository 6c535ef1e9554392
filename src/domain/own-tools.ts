/** Tools of Ratchet's own, which say nothing about the agent's. */
export const SCRATCHPAD_TOOL = 'scratchpad';
