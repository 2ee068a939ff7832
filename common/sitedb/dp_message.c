// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/dp_message.h"

#include <stddef.h>

/* Public texts that explain numbers, by title. Where several scripts give one meaning, the fullest is named.
 */
#define KB319207 "KB319207, Retrying a Package Update May Create Many Jobs"
#define FLOW                                                                                                 \
    "The end to end flow of distributing a ConfigMgr 2007 package (Configuration Manager team blog, 2012)"
#define REPORT "ConfigMgr Content Report (danrichings.com, p=166)"
#define REPORT_MAIL                                                                                          \
    "Report failed package distributions (public PowerShell scripts over SMS_DistributionDPStatus)"
#define SCRIPT_DP                                                                                            \
    "Content status of a package on each DP (public PowerShell scripts over SMS_DistributionDPStatus)"

#define LOOK_LINK  "check name, firewall (SMB, RPC and WMI) and the site server's rights on the DP"
#define LOOK_SHARE "check the DP's drives, shares, free space and the site server's rights there"
#define LOOK_SITE  "does the site have the content? see check_sms_packages and despool.log"
#define REDO       "redistribute the package to this DP"

static const struct dp_message messages[] = {
    {2300, DP_MESSAGE_PROGRESS, "the site server has begun with the package", "", FLOW},
    {2301, DP_MESSAGE_DONE, "the site server has finished with the package", "", FLOW},
    {2302, DP_MESSAGE_FAILURE, "the site server failed on the package",
     "the lines before it in distmgr.log say why", KB319207},
    {2303, DP_MESSAGE_DONE, "the content was refreshed", "", REPORT},
    {2323, DP_MESSAGE_FAILURE, "the network path of the DP cannot be opened", LOOK_LINK, REPORT},
    {2324, DP_MESSAGE_FAILURE, "the content share cannot be reached or made", LOOK_SHARE, REPORT},
    {2328, DP_MESSAGE_FAILURE, "copying to the DP failed", LOOK_SHARE, KB319207},
    {2330, DP_MESSAGE_DONE, "the content is on the DP", "", REPORT},
    {2339, DP_MESSAGE_PROGRESS, "the package was handed to the sender for a child site", "", KB319207},
    {2342, DP_MESSAGE_PROGRESS, "the distribution has begun", "", SCRIPT_DP},
    {2354, DP_MESSAGE_FAILURE, "the content's status file is not valid", REDO, REPORT},
    {2357, DP_MESSAGE_PROGRESS, "the transfer was ordered", "", REPORT},
    {2370, DP_MESSAGE_FAILURE, "the DP could not be installed",
     "install the DP role anew and see distmgr.log", REPORT},
    {2371, DP_MESSAGE_WAITING, "waiting for prestaged content",
     "bring the content to the DP and extract it there", REPORT},
    {2372, DP_MESSAGE_WAITING, "waiting for content to reach the site", LOOK_SITE, REPORT},
    {2375, DP_MESSAGE_PROGRESS, "the virtual directories were made", "", REPORT_MAIL},
    {2376, DP_MESSAGE_PROGRESS, "the site server took a snapshot of the content", "", SCRIPT_DP},
    {2380, DP_MESSAGE_PROGRESS, "the content is being validated", "", REPORT},
    {2381, DP_MESSAGE_PROGRESS, "the validation waits behind another", "", REPORT},
    {2382, DP_MESSAGE_FAILURE, "the content has a wrong hash", REDO, REPORT},
    {2383, DP_MESSAGE_FAILURE, "the validation failed: the hash does not match or content is missing", REDO,
     REPORT_MAIL},
    {2384, DP_MESSAGE_DONE, "the hash of the content was verified", "", REPORT},
    {2385, DP_MESSAGE_FAILURE, "files are missing on the DP", REDO, REPORT},
    {2388, DP_MESSAGE_FAILURE,
     "the DP's list of packages cannot be read or does not match its content library",
     "see smsdpmon.log on the DP", REPORT_MAIL},
    {2391, DP_MESSAGE_FAILURE, "the site server cannot connect to the DP", LOOK_LINK, REPORT},
    {2397, DP_MESSAGE_PROGRESS, "details come when the site server has processed its messages", "",
     SCRIPT_DP},
    {2398, DP_MESSAGE_FAILURE, "no status of the content was found", REDO, REPORT},
    {2399, DP_MESSAGE_DONE, "the DP was installed or upgraded", "", REPORT_MAIL},
    {8203, DP_MESSAGE_FAILURE, "the transfer to the DP failed", LOOK_SHARE, REPORT},
    {8204, DP_MESSAGE_PROGRESS, "the content is being transferred", "", REPORT},
    {8211, DP_MESSAGE_FAILURE, "the transfer to the DP failed", LOOK_SHARE, REPORT_MAIL},
};

enum { MESSAGE_COUNT = sizeof messages / sizeof *messages };

const struct dp_message *dp_message_find(int64_t id)
{
    for (size_t i = 0; i < MESSAGE_COUNT; i++)
        if (messages[i].id == id)
            return &messages[i];
    return NULL;
}

const char *dp_message_class_name(enum dp_message_class message_class)
{
    static const char *const names[] = {[DP_MESSAGE_DONE] = "done",
                                        [DP_MESSAGE_PROGRESS] = "progress",
                                        [DP_MESSAGE_WAITING] = "waiting",
                                        [DP_MESSAGE_FAILURE] = "failure"};
    return names[message_class];
}

const struct dp_message *dp_message_at(size_t index)
{
    return index < MESSAGE_COUNT ? &messages[index] : NULL;
}
