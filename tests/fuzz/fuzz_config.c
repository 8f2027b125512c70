/* The collector's configuration, and the lists of networks in it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    char message[CONFIG_MESSAGE_MAX] = "", text[1024];
    struct address_network network = {.bits = 8};
    struct address peer = {.ip = {{{0}}}};

    config_init(&config);
    if (!config_parse(&config, "fuzz", (const char *)data, size, message) && message[0] == '\0')
        abort(); /* a fault without a word */
    config_release(&config);
    if (size < sizeof text) {
        memcpy(text, data, size);
        text[size] = '\0';
        if (!address_network_parse(text, strlen(text), &network) && network.bits > 128)
            abort(); /* a refusal must leave nothing behind that cannot be used */
        address_client(&peer, text, &network, 1);
    }
    return 0;
}
