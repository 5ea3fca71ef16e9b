/** Gives each of `items` to the lane that is free first; each lane takes one after another. The first failure ends all. */
export async function inLanes<Lane, Item>(
  lanes: readonly Lane[],
  items: readonly Item[],
  work: (lane: Lane, item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  let failed = false;
  const running = lanes.map(async (lane) => {
    for (const item of waiting) {
      if (failed) return;
      try {
        await work(lane, item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  });
  // None may still be at work when the first failure is told of.
  const ended = await Promise.allSettled(running);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
