/* signature.h - signatures of images, made and judged by executables.
 *
 * What is signed is a small JSON document that names the image's digest, the one cosign and
 * podman call simple signing. `HOOK sign` gets it on standard input and answers with the signature.
 * `HOOK verify FILE` gets it likewise, and the signature in FILE; its exit status is the judgement.
 * A signature is kept as an artifact whose subject is the image, or as cosign's old tag
 * sha256-HEX.sig.
 */
#ifndef IMGUNPACK_SIGNATURE_H
#define IMGUNPACK_SIGNATURE_H

#include "imgunpack/registry.h"
#include "lib/image.h"

#define SIGNATURE_ARTIFACT "application/vnd.dev.cosign.artifact.sig.v1+json"
#define SIGNATURE_PAYLOAD "application/vnd.dev.cosign.simplesigning.v1+json"
#define SIGNATURE_KEY "dev.cosignproject.cosign/signature"

enum { SIGNATURE_MAX = 64 * 1024 };

/* The document for the image D, called NAME. */
void signature_document(const char *name, const struct digest *d, struct buf *out);
/* The signature that layer L has, in base64, or NULL when it is no signed document. */
const char *signature_text(const struct image_descriptor *l);
/* Is DOCUMENT about D, and does HOOK accept the signature TEXT of it? */
bool signature_is_good(const char *hook, const struct buf *document, const char *text,
		       const struct digest *d);
/* Does the registry have a signature of D that HOOK accepts? Dies when it cannot be asked. */
bool signature_in_registry(struct registry *r, const struct digest *d, const char *hook);

#endif
