/** All documents and layers of an image in a registry on the loopback, by digest. `name` as in `image.name`. */
export async function pullLayout(name: string, root: { digest: string }): Promise<Map<string, Buffer>> {
  const [host = "", ...path] = name.split("/");
  const repository = path.join("/").replace(/[:@].*$/, "");
  const found = new Map<string, Buffer>();
  const get = async (kind: "manifests" | "blobs", digest: string): Promise<Buffer> => {
    const headers = { accept: "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json" };
    const answer = await fetch(`http://${host}/v2/${repository}/${kind}/${digest}`, { headers });
    if (!answer.ok) throw new Error(`${kind}/${digest}: registry answered ${answer.status}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    found.set(digest, bytes);
    return bytes;
  };
  const visit = async (digest: string): Promise<void> => {
    const document = JSON.parse((await get("manifests", digest)).toString("utf8"));
    for (const { digest: child } of document.manifests ?? []) await visit(child);
    const blobs = [document.config, ...(document.layers ?? [])].filter((one) => one !== undefined);
    for (const { digest: blob } of blobs) await get("blobs", blob);
  };
  await visit(root.digest);
  // Pushed under the name, not only under the digest.
  const tag = name.slice(host.length).split(":")[1];
  if (tag !== undefined) await get("manifests", tag);
  found.delete(tag ?? "");
  return found;
}
