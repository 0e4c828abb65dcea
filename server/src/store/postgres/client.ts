import pg from "pg";

/** How long PostgreSQL has to end a connection with us; then it is cut. */
const endMs = 2_000;

/** The driver's client, whose end is bounded in time: a database that hangs answers no goodbye. */
export class Client extends pg.Client {
  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | undefined {
    const cut = setTimeout(() => this.connection.stream.destroy(), endMs).unref();
    this.once("end", () => {
      clearTimeout(cut);
    });
    if (!callback) return super.end();
    super.end(callback);
    return undefined;
  }
}
