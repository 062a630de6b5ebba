/** The number of steps under way. */
let underWay = 0;

/** Makes a step. Until it has ended, the page does not reload itself, and the keys that undo do nothing. */
export async function makeStep<T>(step: () => Promise<T>): Promise<T> {
  underWay += 1;
  try {
    return await step();
  } finally {
    underWay -= 1;
  }
}

export function isStepUnderWay(): boolean {
  return underWay > 0;
}
