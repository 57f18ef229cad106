/** Names the folder of a test run's bundle; set for all its workers by `leftovers.ts`, which removes the folder in the end. */
export const bundleVariable = "COOPER_TEST_BUNDLE";
