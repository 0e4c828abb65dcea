import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate and its key, in PEM. */
export interface Issued {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority in a folder. */
export interface Authority extends Issued {
  /** @param names subject alternative names as OpenSSL writes them: "IP:127.0.0.1,URI:urn:x" */
  issue(name: string, names: string): Issued;
}

/** Makes one with the openssl command. */
export function createAuthority(folder: string): Authority {
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const read = (name: string): Issued => {
    const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
    const [cert, key] = [readFileSync(certFile, "utf8"), readFileSync(keyFile, "utf8")];
    return { certFile, keyFile, cert, key };
  };
  const subject = (name: string) => ["-subj", `/CN=${name}`, "-keyout", `${name}.key`];
  openssl("req", "-x509", ...newKey, ...subject("ca"), "-out", "ca.crt", "-days", "2");
  return {
    ...read("ca"),
    issue(name, names) {
      writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${names}\n`);
      openssl("req", "-new", ...newKey, ...subject(name), "-out", `${name}.csr`);
      const by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1"];
      const files = ["-in", `${name}.csr`, "-extfile", `${name}.ext`, "-out", `${name}.crt`];
      openssl("x509", "-req", ...by, ...files);
      return read(name);
    },
  };
}
