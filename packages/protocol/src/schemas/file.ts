import { z } from "zod";
import { fileIdSchema } from "./ids.ts";
import { instantSchema, sha256Schema } from "./scalars.ts";
import { fileNameSchema } from "./evidence.ts";

export const fileSchema = z
  .object({
    id: fileIdSchema,
    sha256: sha256Schema,
    name: fileNameSchema,
    media_type: z.string().meta({ description: "By content, not by name.", example: "application/pdf" }),
    size_bytes: z.int().min(1),
    url: z.string().meta({ description: "Where the content is; needs a key or session that may see it." }),
    created_at: instantSchema,
  })
  .meta({ id: "File", description: "An uploaded file." });
export type File = z.infer<typeof fileSchema>;

/** The body of POST /v1/files: multipart/form-data with one file. */
export const fileUploadSchema = z
  .object({ file: z.string().meta({ format: "binary", description: "The content." }) })
  .meta({ id: "FileUpload" });
