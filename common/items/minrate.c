// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/minrate.h"

#include "base/array.h"
#include "base/stringlist.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int add_rate(void *target, char *entry, struct failure *failure)
{
    struct rate_list *list = target;
    struct rate rate = {0};
    char *size = entry, *equals = strchr(entry, '=');
    if (equals != NULL) {
        *equals = '\0';
        size = equals + 1;
        if (*entry == '\0' || strlen(entry) >= sizeof rate.place)
            return fail(failure, "'%s' is no site code; write SITE=SIZE/h, as in S02=300MB/h", entry);
        strcpy(rate.place, entry);
    }
    char *slash = strchr(size, '/');
    if (slash == NULL || strcmp(slash, "/h") != 0)
        return fail(failure, "'%s' is no rate per hour; write SIZE/h, as in 2GB/h", size);
    *slash = '\0';
    if (size_parse(size, &rate.bytes_per_hour, failure) != 0)
        return -1;
    if (rate.bytes_per_hour <= 0)
        return fail(failure, "a rate of 0 would never page; leave it out or write SIZE/h, as in 2GB/h");
    struct rate *rates = array_grow(list->rates, list->count, sizeof *rates);
    if (rates == NULL)
        return fail(failure, "out of memory");
    list->rates = rates;
    rates[list->count++] = rate;
    return 0;
}

int rate_list_parse(void *target, const char *value, struct failure *failure)
{
    return comma_list_each(value, add_rate, target, failure);
}

int64_t rate_list_bytes_per_hour(const struct rate_list *list, const char *place)
{
    int64_t general = 0;
    for (size_t i = list == NULL ? 0 : list->count; i-- > 0;) { /* the last one given wins */
        const struct rate *rate = &list->rates[i];
        if (rate->place[0] == '\0')
            general = general == 0 ? rate->bytes_per_hour : general;
        else if (place != NULL && strcasecmp(rate->place, place) == 0)
            return rate->bytes_per_hour;
    }
    return general;
}

int64_t rate_list_allowance_s(const struct rate_list *list, const char *place, int64_t size_bytes)
{
    int64_t rate = rate_list_bytes_per_hour(list, place);
    if (rate == 0 || size_bytes <= 0)
        return 0;
    return (int64_t)((double)size_bytes / (double)rate * 3600.0);
}

void rate_list_free(struct rate_list *list)
{
    free(list->rates);
    *list = (struct rate_list){0};
}
