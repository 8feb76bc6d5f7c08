// ZIP archives: photographs out of one, results into one.

import { Refusal } from "./ask.js";
import { isPhotograph } from "./dropped.js";
import { number, words } from "./words.js";

// What a small archive may unpack to: a study, or a day of a busy camera. No photograph of any camera has as many bytes.
const MOST_FILES = 2000;
const MOST_BYTES = 2 ** 33;
const MOST_BYTES_OF_A_FILE = 2 ** 29;
const GIBIBYTE = 2 ** 30;

export function isArchive(name) {
  return /\.zip$/i.test(name);
}

// The files in an archive, each unpacked when it is opened. One that cannot be read is a file that cannot be opened.
export async function filesIn({ name, open }) {
  try {
    const { BlobReader, ZipReader } = await library();
    // Names are shown, and never a path of this computer.
    const reader = new ZipReader(new BlobReader(await open()), { filenameValidation: "tolerant" });
    const entries = await reader.getEntries();
    const files = entries.filter((entry) => !entry.directory && entry.filename.split("/").every(isPhotograph));
    check(files);
    return files.map((entry) => ({ name: `${name}/${entry.filename}`, open: () => unpack(entry) }));
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(words("problem.zip"), 0);
    return [{ name, open: () => Promise.reject(refusal) }];
  }
}

// Packs files, each with its name, into one.
export async function pack(files) {
  const { BlobReader, BlobWriter, ZipWriter } = await library();
  const writer = new ZipWriter(new BlobWriter("application/zip"));
  // Pictures do not become smaller.
  for await (const { name, content } of files) await writer.add(name, new BlobReader(content), { level: 0 });
  return writer.close();
}

function check(files) {
  const bytes = files.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (files.length > MOST_FILES || bytes > MOST_BYTES) {
    throw new Refusal(words("problem.zip-too-large", { files: number(MOST_FILES), size: MOST_BYTES / GIBIBYTE }), 0);
  }
}

async function unpack(entry) {
  if (entry.encrypted) throw new Refusal(words("problem.zip-encrypted"), 0);
  if (entry.uncompressedSize > MOST_BYTES_OF_A_FILE) throw new Refusal(words("problem.body-too-large"), 0);
  const { readable, writable } = atMost(entry.uncompressedSize);
  try {
    const [file] = await Promise.all([new Response(readable).blob(), entry.getData(writable, { checkSignature: true })]);
    return file;
  } catch {
    throw new Refusal(words("problem.zip-file"), 0);
  }
}

// Passes bytes on; fails where there are more than an archive says, which was all that was checked.
function atMost(bytes) {
  let passed = 0;
  return new TransformStream({
    transform(chunk, controller) {
      passed += chunk.byteLength;
      if (passed > bytes) controller.error(new Error("more than it says"));
      else controller.enqueue(chunk);
    },
  });
}

// Most who open the page have no archive.
async function library() {
  const zip = await import("./vendor/zip.js/zip-core-external.min.js");
  // A worker would come from elsewhere than the content security policy allows.
  zip.configure({ useWebWorkers: false });
  return zip;
}
