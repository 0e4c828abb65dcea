import { AnnalsError } from "../connection/errors.js";

/** The error of who writes for a projection that another has claimed since. */
export function superseded(projection: string): AnnalsError<"projection_superseded"> {
  return new AnnalsError("projection_superseded", `${projection} was claimed by another`, {});
}
