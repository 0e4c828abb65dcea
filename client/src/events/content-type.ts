/** What an event's content type says of its data. */
export interface ContentType {
  /** Lower case, for example `application/json`; empty when nothing is said. */
  readonly mediaType: string;
  /** The full name of its protobuf message; undefined: not said. */
  readonly message: string | undefined;
  /** Version of the data's shape; undefined: what it says is no whole number from 1 on. */
  readonly version: number | undefined;
}

/**
 * Writes a content type: `application/json; version=2`. The first version goes without saying, so
 * that events written before there were versions are of the first.
 */
export function formatContentType(mediaType: string, version: number): string {
  return version === 1 ? mediaType : `${mediaType}; version=${version}`;
}

export function parseContentType(text: string): ContentType {
  const [mediaType = "", ...rest] = text.split(";").map((part) => part.trim());
  const parameters = new Map(
    rest.map((part) => {
      const [name = "", value = ""] = part.split("=");
      return [name.trim().toLowerCase(), value.trim().replaceAll('"', "")];
    }),
  );
  const version = parameters.get("version") ?? "1";
  return {
    mediaType: mediaType.toLowerCase(),
    message: parameters.get("message"),
    version: /^[1-9]\d{0,8}$/.test(version) ? Number(version) : undefined,
  };
}
