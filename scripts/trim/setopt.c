/*
 * In the place of libcurl's setopt.c: of three hundred options, those that this project sets. Each
 * means what libcurl's manual says; any other is CURLE_UNKNOWN_OPTION, and is to be added here when
 * it is wanted.
 */
#include "trim/curl.h"

#include "setopt.h"
#include "url.h"

CURLcode Curl_setstropt(char **charp, const char *s)
{
    free(*charp);
    *charp = NULL;
    if (s == NULL)
        return CURLE_OK;
    if (strlen(s) > CURL_MAX_INPUT_LENGTH)
        return CURLE_BAD_FUNCTION_ARGUMENT;
    *charp = strdup(s);
    return *charp != NULL ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

CURLcode Curl_setblobopt(struct curl_blob **blobp, const struct curl_blob *blob)
{
    (void)blobp, (void)blob;
    return CURLE_NOT_BUILT_IN;
}

static CURLcode set_number(struct Curl_easy *data, CURLoption option, long value)
{
    struct UserDefined *set = &data->set;

    switch (option) {
    case CURLOPT_CONNECTTIMEOUT:
        set->connecttimeout = (unsigned int)value * 1000;
        break;
    case CURLOPT_FOLLOWLOCATION:
        return value == 0 ? CURLE_OK : CURLE_NOT_BUILT_IN;
    case CURLOPT_FORBID_REUSE:
        set->reuse_forbid = value != 0;
        break;
    case CURLOPT_HEADEROPT:
        set->sep_headers = (value & CURLHEADER_SEPARATE) != 0;
        break;
    case CURLOPT_NOPROGRESS:
        data->progress.hide = value != 0;
        break;
    case CURLOPT_NOSIGNAL:
        set->no_signal = value != 0;
        break;
    case CURLOPT_POST:
        set->method = value != 0 ? HTTPREQ_POST : HTTPREQ_GET;
        set->opt_no_body = FALSE;
        break;
    case CURLOPT_POSTFIELDSIZE:
        set->postfieldsize = value;
        break;
    case CURLOPT_SSLVERSION:
        set->ssl.primary.version = (unsigned char)(value & 0xffff);
        set->ssl.primary.version_max = (unsigned int)value & 0xffff0000U;
        break;
    case CURLOPT_SSL_SESSIONID_CACHE:
        set->ssl.primary.cache_session = value != 0;
        set->proxy_ssl.primary.cache_session = value != 0;
        break;
    case CURLOPT_TIMEOUT:
        set->timeout = (unsigned int)value * 1000;
        break;
    case CURLOPT_TIMEOUT_MS:
        set->timeout = (unsigned int)value;
        break;
    default:
        return CURLE_UNKNOWN_OPTION;
    }
    return CURLE_OK;
}

static CURLcode set_protocol(struct Curl_easy *data, const char *name)
{
    const struct Curl_handler *handler = Curl_getn_scheme_handler(name, strlen(name));

    data->set.allowed_protocols = handler != NULL ? handler->protocol : 0;
    return handler != NULL ? CURLE_OK : CURLE_UNSUPPORTED_PROTOCOL;
}

static CURLcode set_url(struct Curl_easy *data, const char *url)
{
    CURLcode result;

    if (data->state.url_alloc) {
        free(data->state.url);
        data->state.url_alloc = FALSE;
    }
    result = Curl_setstropt(&data->set.str[STRING_SET_URL], url);
    data->state.url = data->set.str[STRING_SET_URL];
    return result;
}

static CURLcode set_pointer(struct Curl_easy *data, CURLoption option, void *value)
{
    struct UserDefined *set = &data->set;

    switch (option) {
    case CURLOPT_CUSTOMREQUEST:
        return Curl_setstropt(&set->str[STRING_CUSTOMREQUEST], value);
    case CURLOPT_HEADERDATA:
        set->writeheader = value;
        break;
    case CURLOPT_HTTPHEADER:
        set->headers = value;
        break;
    case CURLOPT_POSTFIELDS:
        set->postfields = value;
        set->method = HTTPREQ_POST;
        break;
    case CURLOPT_PROTOCOLS_STR:
        return set_protocol(data, value);
    case CURLOPT_PROXY:
        return Curl_setstropt(&set->str[STRING_PROXY], value);
    case CURLOPT_PROXYHEADER:
        set->proxyheaders = value;
        break;
    case CURLOPT_SSL_CTX_DATA:
        set->ssl.fsslctxp = value;
        break;
    case CURLOPT_URL:
        return set_url(data, value);
    case CURLOPT_USERAGENT:
        return Curl_setstropt(&set->str[STRING_USERAGENT], value);
    case CURLOPT_WRITEDATA:
        set->out = value;
        break;
    case CURLOPT_XFERINFODATA:
        set->progress_client = value;
        break;
    default:
        return CURLE_UNKNOWN_OPTION;
    }
    return CURLE_OK;
}

static CURLcode set_function(struct Curl_easy *data, CURLoption option, va_list value)
{
    switch (option) {
    case CURLOPT_HEADERFUNCTION:
        data->set.fwrite_header = va_arg(value, curl_write_callback);
        break;
    case CURLOPT_SOCKOPTFUNCTION:
        data->set.fsockopt = va_arg(value, curl_sockopt_callback);
        break;
    case CURLOPT_SSL_CTX_FUNCTION:
        data->set.ssl.fsslctx = va_arg(value, curl_ssl_ctx_callback);
        break;
    case CURLOPT_WRITEFUNCTION:
        data->set.fwrite_func = va_arg(value, curl_write_callback);
        break;
    case CURLOPT_XFERINFOFUNCTION:
        data->set.fxferinfo = va_arg(value, curl_xferinfo_callback);
        data->progress.callback = data->set.fxferinfo != NULL;
        break;
    default:
        return CURLE_UNKNOWN_OPTION;
    }
    return CURLE_OK;
}

CURLcode Curl_vsetopt(struct Curl_easy *data, CURLoption option, va_list arg)
{
    if (option < CURLOPTTYPE_OBJECTPOINT)
        return set_number(data, option, va_arg(arg, long));
    if (option < CURLOPTTYPE_FUNCTIONPOINT)
        return set_pointer(data, option, va_arg(arg, void *));
    return set_function(data, option, arg);
}

#undef curl_easy_setopt
CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
    CURLcode result;
    va_list arg;

    if (curl == NULL)
        return CURLE_BAD_FUNCTION_ARGUMENT;
    va_start(arg, option);
    result = Curl_vsetopt(curl, option, arg);
    va_end(arg);
    return result;
}
