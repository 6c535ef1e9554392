/** How much of the work at hand is done, 0 to 1, and in words. */
export type BenchProgress = (share: number, label: string) => void;
