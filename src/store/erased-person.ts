/** The rationale of every revision that rested on a person who was erased: by it such a revision is told apart later. */
export const RESTS_ON_ERASED = 'a person who said so was erased';
