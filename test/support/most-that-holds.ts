const GROWTH = 1.5
/** The most that held and the least that did not are at last this close. */
const CLOSE = 1.1
const LEAST = 10

/** The largest number that holds, found from below so that little is wasted on what cannot hold; 0 if none does. */
export async function mostThatHolds(
  start: number,
  holds: (count: number) => Promise<boolean>,
): Promise<number> {
  let most = 0
  let next = start
  while (await holds(next)) {
    most = next
    next = Math.round(next * GROWTH)
  }
  let least = next
  while (least > Math.max(LEAST, most * CLOSE)) {
    const middle = Math.round((most + least) / 2)
    if (await holds(middle)) most = middle
    else least = middle
  }
  return most
}
