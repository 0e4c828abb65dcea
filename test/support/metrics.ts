/** What a server's metrics say now. */
export interface Scrape {
  readonly text: string;
  /** A series as it stands in the text, such as `annals_calls_total{method="...",outcome="ok"}`; 0 while it is absent. */
  readonly value: (series: string) => number;
}

/** Asks a server for its metrics, as Prometheus does. */
export async function scrape(address: string | undefined): Promise<Scrape> {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const lines = new Map(
    text.split("\n").map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))] as const;
    }),
  );
  return { text, value: (series) => lines.get(series) ?? 0 };
}
