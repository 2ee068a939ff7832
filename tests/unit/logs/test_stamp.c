// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/stamp.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

/* `2018-06-14 05:26:25.828Z Name of zone`, without the Z for a local time; "-" for what is none. */
static const char *told(bool read, const struct log_stamp *stamp)
{
    static char text[200];
    if (!read)
        return "-";
    time_t seconds = (time_t)(stamp->ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t length = strftime(text, sizeof text, "%F %T", &tm);
    snprintf(text + length, sizeof text - length, ".%03d%s%s%.*s", (int)(stamp->ms % 1000),
             stamp->utc ? "Z" : "", stamp->zone != NULL ? " " : "", (int)stamp->zone_length,
             stamp->zone != NULL ? stamp->zone : "");
    return text;
}

static void check(const char *text, const char *expected, bool read, const struct log_stamp *stamp)
{
    if (strcmp(told(read, stamp), expected) != 0)
        fail_msg("\"%s\" gives %s, not %s", text, told(read, stamp), expected);
}

static void server_stamps(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        /* minutes to add to get UTC */
        {"11-30-2022 01:03:34.174-60", "2022-11-30 00:03:34.174Z"},
        {"06-14-2018 06:26:25.828-60", "2018-06-14 05:26:25.828Z"},
        {"08-22-2016 04:15:01.917+420", "2016-08-22 11:15:01.917Z"},
        {"12-06-2016 03:11:46.039+300", "2016-12-06 08:11:46.039Z"},
        {"07-04-2013 09:38:06.559-120", "2013-07-04 07:38:06.559Z"},
        {"01-01-2020 00:00:00.000+00", "2020-01-01 00:00:00.000Z"},
        {"01-01-2020 05:29:59.999-330", "2019-12-31 23:59:59.999Z"},
        {"12-31-2019 23:30:00.000+570", "2020-01-01 09:00:00.000Z"},
        {"02-29-2020 12:00:00.000+00", "2020-02-29 12:00:00.000Z"},
        {"02-29-2021 12:00:00.000+00", "-"},
        {"13-01-2020 12:00:00.000+00", "-"},
        {"01-32-2020 12:00:00.000+00", "-"},
        {"01-01-2020 24:00:00.000+00", "-"},
        {"01-01-2020 12:60:00.000+00", "-"},
        {"01-01-2020 12:00:60.000+00", "-"},
        {"01-01-2020 12:00:00.000+9999", "-"},
        {"01-01-2020 12:00:00.000+00 ", "-"},
        {"01-01-1969 12:00:00.000+00", "-"},
        {"01-01-2020 12:00:00.", "-"},
        {"01-01-2020 12:00", "-"},
        {"01-01-2020", "-"},
        {"01-01-2020 12:00:00.250", "2020-01-01 12:00:00.250"},
        /* names: the local time as printed, never computed */
        {"Fri Oct 15 17:09:46.677 1999 Pacific Daylight Time",
         "1999-10-15 17:09:46.677 Pacific Daylight Time"},
        {"Wed Jul 4 9:46:43.146 2001 Central Standard Time", "2001-07-04 09:46:43.146 Central Standard Time"},
        {"Fri Feb 13 8:13:13.859 2004 Central Standard Time",
         "2004-02-13 08:13:13.859 Central Standard Time"},
        {"Mon Jul 03 12:25:46.750 2000 GMT Daylight Time", "2000-07-03 12:25:46.750 GMT Daylight Time"},
        {"Thu Mar 18 15:06:47.218 1999", "1999-03-18 15:06:47.218"},
        {"Mo Aug 06 15:06:47.218 2012 Mitteleurop\xE4ische Zeit (Sommer)",
         "2012-08-06 15:06:47.218 Mitteleurop\xE4ische Zeit (Sommer)"},
        {"Wed May 21 17:09:02 1997~", "1997-05-21 17:09:02.000"},
        {"Mon Dec 04 15:41:45 1995~", "1995-12-04 15:41:45.000"},
        {"Di Mrz 01 01:02:03.004 2005 X", "2005-03-01 01:02:03.004 X"},
        {"Di M\xC3\xA4r 01 01:02:03.004 2005 X", "2005-03-01 01:02:03.004 X"},
        {"Di M\xE4r 01 01:02:03.004 2005 X", "2005-03-01 01:02:03.004 X"},
        {"Per Kas 26 01:02:03.004 2026 GTB Standard Time", "2026-11-26 01:02:03.004 GTB Standard Time"},
        {"Sal \xDEub 03 01:02:03.004 2026 X", "2026-02-03 01:02:03.004 X"},
        {"Cum A\xC4\x9Fu 07 01:02:03.004 2026 X", "2026-08-07 01:02:03.004 X"},
        {"to marras 26 01:02:03.004 2026 X", "2026-11-26 01:02:03.004 X"},
        {"ti maalis 03 01:02:03.004 2026 X", "2026-03-03 01:02:03.004 X"},
        {"to des 03 01:02:03.004 2026 X", "2026-12-03 01:02:03.004 X"},
        {"\x96\xD8 11 26 01:02:03.004 2026 X", "2026-11-26 01:02:03.004 X"},
        {"\xE6\x9C\xA8 11\xE6\x9C\x88 26 01:02:03.004 2026 X", "2026-11-26 01:02:03.004 X"},
        {"Thu 13 26 01:02:03.004 2026 X", "-"},
        {"Thu 11-26 01:02:03.004 2026 X", "-"},
        {"So Mai 01 01:02:03.004 2005 X", "2005-05-01 01:02:03.004 X"},
        {"Sa Okt 01 01:02:03.004 2005 X", "2005-10-01 01:02:03.004 X"},
        {"Do Dez 01 01:02:03.004 2005 X", "2005-12-01 01:02:03.004 X"},
        {"sam. janv. 1 01:02:03.004 2005 X", "2005-01-01 01:02:03.004 X"},
        {"mar. f\xE9vr. 1 01:02:03.004 2005 X", "2005-02-01 01:02:03.004 X"},
        {"mer. juin 1 01:02:03.004 2005 X", "2005-06-01 01:02:03.004 X"},
        {"ven. juil. 1 01:02:03.004 2005 X", "2005-07-01 01:02:03.004 X"},
        {"lun. ao\xFBt 1 01:02:03.004 2005 X", "2005-08-01 01:02:03.004 X"},
        {"jeu. d\xE9"
         "c. 1 01:02:03.004 2005 X",
         "2005-12-01 01:02:03.004 X"},
        {"Wed Foo 28 14:45:56.872 2002 Eastern Standard Time", "-"},
        {"Fri Oct 15 17:09:46.677", "-"},
        {"", "-"},
        {"~", "-"},
        {"registry", "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log_stamp stamp;
        bool read = log_stamp_server(cases[i].text, strlen(cases[i].text), &stamp);
        check(cases[i].text, cases[i].expected, read, &stamp);
        if (read && stamp.seconds_at + 2 > strlen(cases[i].text))
            fail_msg("\"%s\": seconds at %zu", cases[i].text, stamp.seconds_at);
    }
}

/* Twelve months, and the weekdays from Sunday on, in the language of each server. */
static const struct {
    const char *language, *codepage, *months, *days;
} servers[] = {
    {"en", "CP1252", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", "Sun Mon Tue Wed Thu Fri Sat"},
    {"de", "CP1252", "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez", "So Mo Di Mi Do Fr Sa"},
    {"de 2", "CP1252", "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez", "So Mo Di Mi Do Fr Sa"},
    {"nl", "CP1252", "jan feb mrt apr mei jun jul aug sep okt nov dec", "zo ma di wo do vr za"},
    {"da", "CP1252", "jan feb mar apr maj jun jul aug sep okt nov dec", "sø ma ti on to fr lø"},
    {"nb", "CP1252", "jan feb mar apr mai jun jul aug sep okt nov des", "sø ma ti on to fr lø"},
    {"is", "CP1252", "jan feb mar apr maí jún júl ágú sep okt nóv des", "sun mán þri mið fim fös lau"},
    {"lb", "CP1252", "Jan Feb Mäe Abr Mee Jun Jul Aug Sep Okt Nov Dez", "Son Méi Dën Mët Don Fre Sam"},
    {"fr", "CP1252", "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
     "dim. lun. mar. mer. jeu. ven. sam."},
    {"es", "CP1252", "ene feb mar abr may jun jul ago sep oct nov dic", "dom lun mar mié jue vie sáb"},
    {"ca", "CP1252", "gen. febr. març abr. maig juny jul. ag. set. oct. nov. des.", "dg dl dt dc dj dv ds"},
    {"gl", "CP1252", "xan feb mar abr maio xuñ xull ago set out nov dec", "dom luns mar mér xov ven sáb"},
    {"pt", "CP1252", "jan fev mar abr mai jun jul ago set out nov dez", "dom seg ter qua qui sex sáb"},
    {"it", "CP1252", "gen feb mar apr mag giu lug ago set ott nov dic", "dom lun mar mer gio ven sab"},
    {"mt", "UTF-8", "Jan Fra Mar Apr Mej Ġun Lul Aww Set Ott Nov Diċ", "Ħad Tne Tli Erb Ħam Ġim Sib"},
    {"eu", "CP1252", "urt. ots. mar. api. mai. eka. uzt. abu. ira. urr. aza. abe.",
     "ig. al. as. az. og. or. lr."},
    {"cy", "CP1252", "Ion Chwe Maw Ebr Mai Meh Gor Aws Med Hyd Tach Rhag", "Sul Llun Maw Mer Iau Gwe Sad"},
    {"ga", "CP1252", "Ean Feabh Márta Aib Beal Meith Iúil Lún MFómh DFómh Samh Noll",
     "Domh Luan Máirt Céad Déar Aoine Sath"},
    {"fi", "CP1252", "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
     "su ma ti ke to pe la"},
    {"sq", "CP1252", "Jan Shk Mar Pri Maj Qer Kor Gsh Sht Tet Nën Dhj", "Die Hën Mar Mër Enj Pre Sht"},
    {"pl", "CP1250", "sty lut mar kwi maj cze lip sie wrz paź lis gru", "N Pn Wt Śr Cz Pt So"},
    {"pl 2", "CP1250", "sty lut mar kwi maj cze lip sie wrz paź lis gru",
     "niedz. pon. wt. śr. czw. pt. sob."},
    {"cs", "CP1250", "I II III IV V VI VII VIII IX X XI XII", "ne po út st čt pá so"},
    {"cs 2", "CP1250", "led úno bře dub kvě čvn čvc srp zář říj lis pro", "ne po út st čt pá so"},
    {"sk", "CP1250", "1 2 3 4 5 6 7 8 9 10 11 12", "ne po ut st št pi so"},
    {"sk 2", "CP1250", "jan feb mar apr máj jún júl aug sep okt nov dec", "ne po ut st št pi so"},
    {"hu", "CP1250", "jan. febr. márc. ápr. máj. jún. júl. aug. szept. okt. nov. dec.", "V H K Sze Cs P Szo"},
    {"sl", "CP1250", "jan feb mar apr maj jun jul avg sep okt nov dec", "ned pon tor sre čet pet sob"},
    {"hr", "CP1250", "sij vlj ožu tra svi lip srp kol ruj lis stu pro", "ned pon uto sri čet pet sub"},
    {"ro", "CP1250", "ian. feb. mar. apr. mai iun. iul. aug. sept. oct. nov. dec.", "D L Ma Mi J V S"},
    {"ro 2", "CP1250", "ian feb mar apr mai iun iul aug sep oct noi dec", "D L Ma Mi J V S"},
    {"lt", "CP1257", "Sau Vas Kov Bal Geg Bir Lie Rgp Rgs Spl Lap Grd", "Sk Pr An Tr Kt Pn Št"},
    {"lt 2", "CP1257", "saus. vas. kov. bal. geg. birž. liep. rugp. rugs. spal. lapkr. gruod.",
     "sk pr an tr kt pn št"},
    {"lv", "CP1257", "jan feb mar apr mai jūn jūl aug sep okt nov dec", "Sv Pr Ot Tr Ce Pk Se"},
    {"et", "CP1257", "jaan veebr märts apr mai juuni juuli aug sept okt nov dets", "P E T K N R L"},
    {"tr", "CP1254", "Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara", "Paz Pzt Sal Çar Per Cum Cmt"},
    {"ru", "CP1251", "янв фев мар апр май июн июл авг сен окт ноя дек", "Вс Пн Вт Ср Чт Пт Сб"},
    {"uk", "CP1251", "Січ Лют Бер Кві Тра Чер Лип Сер Вер Жов Лис Гру", "Нд Пн Вт Ср Чт Пт Сб"},
    {"bg", "CP1251", "яну фев мар апр май юни юли авг сеп окт ное дек", "нд пн вт ср чт пт сб"},
    {"sr", "CP1251", "јан феб мар апр мај јун јул авг сеп окт нов дец", "нед пон уто сре чет пет суб"},
    {"el", "CP1253", "Ιαν Φεβ Μαρ Απρ Μαϊ Ιουν Ιουλ Αυγ Σεπ Οκτ Νοε Δεκ", "Κυρ Δευ Τρι Τετ Πεμ Παρ Σαβ"},
    {"zh-CN", "GBK", "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",
     "星期日 星期一 星期二 星期三 星期四 星期五 星期六"},
    {"zh-TW", "BIG5", "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",
     "週日 週一 週二 週三 週四 週五 週六"},
    {"ja", "CP932", "1 2 3 4 5 6 7 8 9 10 11 12", "日 月 火 水 木 金 土"},
};

/* The word of this place in a row of words. */
static const char *word_of(const char *row, int place, int *length)
{
    while (place-- > 0)
        row = strchr(row, ' ') + 1;
    *length = (int)strcspn(row, " ");
    return row;
}

static size_t encode(const char *codepage, char *text, char *encoded, size_t room)
{
    iconv_t conversion = iconv_open(codepage, "UTF-8");
    size_t left = strlen(text), before = room;
    assert_true(conversion != (iconv_t)-1);
    if (iconv(conversion, &text, &left, &encoded, &room) == (size_t)-1)
        fail_msg("%s is not of %s", text, codepage);
    iconv_close(conversion);
    return before - room;
}

/* A day of 2005 in the server's words, and what is read of it. */
static void check_day(size_t server, const char *codepage, int month, int day, int weekday)
{
    char text[160], encoded[160], expected[64];
    int name_length, day_length;
    const char *name = word_of(servers[server].months, month - 1, &name_length);
    const char *days = word_of(servers[server].days, weekday, &day_length);
    snprintf(text, sizeof text, "%.*s %.*s %d 01:02:03.004 2005 X", day_length, days, name_length, name, day);
    snprintf(expected, sizeof expected, "2005-%02d-%02d 01:02:03.004 X", month, day);
    struct log_stamp stamp;
    const size_t length = encode(codepage, text, encoded, sizeof encoded);
    const bool read = log_stamp_server(encoded, length, &stamp);
    if (strcmp(told(read, &stamp), expected) != 0)
        fail_msg("%s, %s: \"%s\" gives %s, not %s", servers[server].language, codepage, text,
                 told(read, &stamp), expected);
}

static void months_of_every_language(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= 28; day++) {
                const int weekday = (int)((log_stamp_ms(2005, month, day, 0, 0, 0, 0) / 86400000 + 4) % 7);
                check_day(i, servers[i].codepage, month, day, weekday);
                check_day(i, "UTF-8", month, day, weekday);
            }
}

static void ccm_stamps(void **state)
{
    (void)state;
    static const struct {
        const char *time, *date, *expected;
    } cases[] = {
        {"01:38:47.034-120", "07-16-2016", "2016-07-15 23:38:47.034Z"},
        {"01:52:13.827+480", "11-24-2014", "2014-11-24 09:52:13.827Z"},
        {"00:08:51.8419434", "11-30-2022", "2022-11-30 00:08:51.841"},
        {"00:08:51.000+000", "1-2-2015", "2015-01-02 00:08:51.000Z"},
        {"00:08:51.000+000", "1-2-15", "-"},
        {"00:08", "1-2-2015", "-"},
        {"", "", "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log_stamp stamp;
        bool read =
            log_stamp_ccm(cases[i].time, strlen(cases[i].time), cases[i].date, strlen(cases[i].date), &stamp);
        check(cases[i].time, cases[i].expected, read, &stamp);
    }
}

static void viewer_stamps(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"10/9/2018 3:36:30 PM", "2018-10-09 15:36:30.000"},
        {"1/14/2012 4:06:47 AM", "2012-01-14 04:06:47.000"},
        {"1/2/2012 12:06:47 AM", "2012-01-02 00:06:47.000"},
        {"1/2/2012 12:06:47 PM", "2012-01-02 12:06:47.000"},
        {"29-01-2010 12:56:47", "2010-01-29 12:56:47.000"},
        {"07.08.2012 00:12:55", "2012-08-07 00:12:55.000"},
        {"14/06/2018 06:56:25", "2018-06-14 06:56:25.000"},
        {"2018-06-14 06:56:25", "2018-06-14 06:56:25.000"},
        {"1/2/2012 13:06:47 PM", "-"},
        {"x/x/xxxx x:xx:xx xx", "-"},
        {"29-01/2010 12:56:47", "-"},
        {"", "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log_stamp stamp;
        bool read = log_stamp_viewer(cases[i].text, strlen(cases[i].text), &stamp);
        check(cases[i].text, cases[i].expected, read, &stamp);
    }
}

static void days_follow_each_other(void **state)
{
    (void)state;
    int64_t expected = 0;
    for (int year = 1970; year < 2101; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= 31; day++) {
                int64_t ms = log_stamp_ms(year, month, day, 0, 0, 0, 0);
                if (ms < 0)
                    continue;
                if (ms != expected)
                    fail_msg("%d-%d-%d is %lld", year, month, day, (long long)ms);
                expected += 86400000;
            }
    assert_int_equal(expected / 86400000, 47847);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_stamps),
        cmocka_unit_test(months_of_every_language),
        cmocka_unit_test(ccm_stamps),
        cmocka_unit_test(viewer_stamps),
        cmocka_unit_test(days_follow_each_other),
    };
    return cmocka_run_group_tests_name("logstamp", tests, NULL, NULL);
}
