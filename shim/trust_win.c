/* Windows keeps its trust anchors in a store. */
#include "plat_win.h"

#include <wincrypt.h>

#include "trust.h"

const char *trust_system_file(size_t n)
{
    (void)n;
    return NULL;
}

bool trust_system_find(const unsigned char *subject, size_t len, trust_take *take, void *context)
{
    CERT_NAME_BLOB name = {.cbData = (DWORD)len, .pbData = (BYTE *)(uintptr_t)subject};
    HCERTSTORE store = CertOpenSystemStoreW(0, L"ROOT");
    const CERT_CONTEXT *found = NULL;

    if (store == NULL)
        return false;
    while (len > 0 &&
           (found = CertFindCertificateInStore(store, X509_ASN_ENCODING, 0, CERT_FIND_SUBJECT_NAME,
                                               &name, found)) != NULL)
        take(context, found->pbCertEncoded, found->cbCertEncoded);
    CertCloseStore(store, 0);
    return true;
}
