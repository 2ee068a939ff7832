// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/month.h"

#include "base/ascii.h"
#include "base/unicode.h"
#include "logs/stamp.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { MONTHS = 12, DAYS = 7, LETTERS = 4 };

/*
 * Beginnings of the names of each month, in small letters. Those outside ASCII are left out, for they are other bytes in each
 * code page. English, German, Dutch, Danish, Swedish, Norwegian, Icelandic, Luxembourgish, French, Spanish, Catalan,
 * Galician, Portuguese, Italian, Maltese, Romanian, Polish, Czech, Slovak, Hungarian, Slovene, Croatian, Serbian, Lithuanian,
 * Latvian, Estonian, Finnish, Turkish, Albanian, Basque, Welsh, Irish.
 */
static const char *const latin[MONTHS] = {
    "jan ene gen xan ian sty led i sij sau jaa tam oca urt ion ean",
    "feb fvr fev fra lut no ii vlj vel vas vee hel ub shk ots chw fea",
    "mar mrz mr mrt me maa be iii mrc ou kov maw",
    "apr avr abr kwi dub iv pr tra bal huh nis pri api ebr aib",
    "may mai mei maj mee mag mej kv v mj ma svi geg tou bea",
    "jun xu xun giu un iun cze vn en vi jn bir juun kes haz qer eka meh meit juin",
    "jul xul lug lul iul vc ec vii jl lie juul hei tem kor uzt gor iil juil",
    "aug aou aot ago ag aww sie viii g kol avg rugp rgp elo au gsh abu aws ln",
    "sep set wrz z ix sze ruj rugs rgs syy eyl sht ira med mfm",
    "oct okt out ott pa j x spa spl lok eki tet urr hyd dfm",
    "nov noi xi nv stu lap marr kas nn nen aza tach sam",
    "dec dez des dc dic di gru pro xii grd det jou ara dhj abe rha nol",
};

/* Russian, Bulgarian, Serbian, Macedonian, Ukrainian, Belarusian */
static const char *const cyrillic[MONTHS] = {
    "янв яну ян јан січ сту", "фев феб лют",         "мар бер сак", "апр кві кра", "май мая мај тра",
    "июн юни јун чер чэр",    "июл юли јул лип ліп", "авг сер жні", "сен сеп вер", "окт жов кас",
    "ноя ное нов лис ліс",    "дек дец гру сне",
};

static const char *const greek[MONTHS] = {
    "ιαν",       "φεβ",     "μαρ μάρ", "απρ", "μαϊ μαΐ μάι", "ιουν ιούν",
    "ιουλ ιούλ", "αυγ αύγ", "σεπ",     "οκτ", "νοε νοέ",     "δεκ",
};

/* Sunday first, of the languages whose months are confused: Polish, Czech, Croatian. A Czech `t` is Tuesday or Thursday. */
static const char *const weekdays[DAYS] = {
    "n nie ne ned", "pn po pon", "wt uto t", "r ro st sri", "cz czw et t", "pt pi p pet", "so sob sub",
};

static const struct {
    const char *prefix;
    struct log_month month;
} confused[] = {{"lip", {7, 6}}, {"srp", {8, 7}}, {"lis", {11, 10}}};

/* The first letters of a word, in small ones and without what is not ASCII. @return how many */
static size_t skeleton(const char *word, size_t length, char letters[LETTERS + 1])
{
    size_t kept = 0;
    for (size_t i = 0; i < length && kept < LETTERS; i++) {
        char c = word[i];
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        if (c >= 'a' && c <= 'z')
            letters[kept++] = c;
    }
    letters[kept] = '\0';
    return kept;
}

/* The next word of a row. @return its length, 0: there is none */
static size_t next_word(const char **row)
{
    *row += strspn(*row, " ");
    return strcspn(*row, " ");
}

/* How much of the letters a word of the row tells: one of less than three must be all there is. */
static size_t alike(const char *row, const char *letters)
{
    size_t best = 0;
    for (size_t length; (length = next_word(&row)) > 0; row += length)
        if (length > best && strncmp(letters, row, length) == 0 && (length >= 3 || length == strlen(letters)))
            best = length;
    return best;
}

static int find_month(const char *letters)
{
    int found = 0;
    size_t best = 0;
    for (int month = 0; month < MONTHS; month++) {
        const size_t length = alike(latin[month], letters);
        if (length > best)
            found = month + 1;
        best = length > best ? length : best;
    }
    return found;
}

/* @return bits, Sunday 1 */
static int find_days(const char *letters)
{
    int days = 0;
    for (int day = 0; day < DAYS; day++)
        days |= alike(weekdays[day], letters) > 0 ? 1 << day : 0;
    return days;
}

/* ---- other alphabets */

static uint32_t of_cp1251(unsigned char byte)
{
    return byte >= 0xC0 ? 0x410u + byte - 0xC0u : byte == 0xB3 ? 0x456u : byte == 0xBC ? 0x458u : byte;
}

static uint32_t of_cp1253(unsigned char byte)
{
    return byte >= 0xC0 ? 0x390u + byte - 0xC0u : byte;
}

static uint32_t small(uint32_t letter)
{
    const bool capital = (letter >= 0x391 && letter <= 0x3A9) || (letter >= 0x410 && letter <= 0x42F);
    return capital ? letter + 0x20 : letter;
}

/* Does the word begin with these letters? @param of  its code page; NULL: it is UTF-8 */
static bool begins(const char *word, size_t length, uint32_t (*of)(unsigned char), const char *prefix,
                   size_t left)
{
    size_t at = 0;
    while (left > 0) {
        uint32_t wanted, letter;
        const size_t taken = utf8_decode(prefix, left, &wanted);
        prefix += taken;
        left -= taken;
        if (at >= length)
            return false;
        if (of != NULL)
            letter = of((unsigned char)word[at++]);
        else
            at += utf8_decode(word + at, length - at, &letter);
        if (small(letter) != wanted)
            return false;
    }
    return true;
}

static int find_letters(const char *const names[MONTHS], const char *word, size_t length,
                        uint32_t (*of)(unsigned char))
{
    for (int month = 0; month < MONTHS; month++) {
        const char *row = names[month];
        for (size_t left; (left = next_word(&row)) > 0; row += left)
            if (begins(word, length, of, row, left))
                return month + 1;
    }
    return 0;
}

static int other_alphabet(const char *word, size_t length)
{
    const bool utf8 = utf8_valid(word, length);
    const int month = find_letters(cyrillic, word, length, utf8 ? NULL : of_cp1251);
    return month != 0 ? month : find_letters(greek, word, length, utf8 ? NULL : of_cp1253);
}

/* One to ten in Chinese, as Windows writes them in UTF-8, in code page 936 and in 950, whose bytes may be ASCII letters. */
static const struct {
    const char *digits;
    size_t width; /* bytes a digit */
} chinese[] = {
    {"\xE4\xB8\x80\xE4\xBA\x8C\xE4\xB8\x89\xE5\x9B\x9B\xE4\xBA\x94\xE5\x85\xAD\xE4\xB8\x83\xE5\x85\xAB\xE4\xB9\x9D\xE5\x8D\x81",
     3},
    {"\xD2\xBB\xB6\xFE\xC8\xFD\xCB\xC4\xCE\xE5\xC1\xF9\xC6\xDF\xB0\xCB\xBE\xC5\xCA\xAE", 2},
    {"\xA4\x40\xA4\x47\xA4\x54\xA5\x7C\xA4\xAD\xA4\xBB\xA4\x43\xA4\x4B\xA4\x45\xA4\x51", 2},
};

/* @return 1 to 10, 0: no digit */
static int chinese_digit(const char *digits, size_t width, const char *at, const char *end)
{
    enum { TEN = 10 };
    for (int digit = 1; digit <= TEN && (size_t)(end - at) >= width; digit++)
        if (memcmp(digits + (size_t)(digit - 1) * width, at, width) == 0)
            return digit;
    return 0;
}

/* The first digits of the word, eleven being ten and one. @return 0: there are none */
static int chinese_number(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof chinese / sizeof *chinese; i++) {
        const char *digits = chinese[i].digits, *end = word + length;
        const size_t width = chinese[i].width;
        const int first = chinese_digit(digits, width, word, end);
        if (first == 10)
            return first + chinese_digit(digits, width, word + width, end);
        if (first > 0)
            return first;
    }
    return 0;
}

/* ---- what is told */

static int numbered(const char *name, size_t length)
{
    size_t digits = 0;
    int month = 0;
    for (; digits < 2 && digits < length && ascii_is_digit(name[digits]); digits++)
        month = month * 10 + (name[digits] - '0');
    const bool ends = digits == length || (unsigned char)name[digits] >= 0x80;
    return ends && month <= MONTHS ? month : 0;
}

struct log_month log_month_read(const char *name, size_t length)
{
    static const char english[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (length == 3)
        for (int month = 0; month < MONTHS; month++)
            if (memcmp(name, english + (ptrdiff_t)month * 3, 3) == 0)
                return (struct log_month){month + 1, 0};
    if (length > 0 && ascii_is_digit(name[0]))
        return (struct log_month){numbered(name, length), 0};
    const int number = chinese_number(name, length);
    if (number > 0)
        return (struct log_month){number <= MONTHS ? number : 0, 0};
    char letters[LETTERS + 1];
    if (skeleton(name, length, letters) == 0)
        return (struct log_month){other_alphabet(name, length), 0};
    for (size_t i = 0; i < sizeof confused / sizeof *confused; i++)
        if (strncmp(letters, confused[i].prefix, strlen(confused[i].prefix)) == 0)
            return confused[i].month;
    return (struct log_month){find_month(letters), 0};
}

/* @return its bit, Sunday 1; 0 when there is no such day */
static int weekday_of(int year, int month, int day)
{
    enum { DAY_MS = 86400000, THURSDAY = 4 /* 1970-01-01 */ };
    const int64_t ms = log_stamp_ms(year, month, day, 0, 0, 0, 0);
    return ms >= 0 ? 1 << ((ms / DAY_MS + THURSDAY) % DAYS) : 0;
}

int log_month_choose(const struct log_month *month, const char *weekday, size_t length, int year, int day)
{
    char letters[LETTERS + 1];
    if (month->other == 0 || skeleton(weekday, length, letters) == 0)
        return month->number;
    const int days = find_days(letters);
    const bool is_other = (days & weekday_of(year, month->other, day)) != 0 &&
                          (days & weekday_of(year, month->number, day)) == 0;
    return is_other ? month->other : month->number;
}
