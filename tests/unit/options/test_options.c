// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/options.h"

#include "base/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A program with an option of every type. */
struct settings {
    const char *hostname, *password, *password_file, *connect, *cache;
    int64_t port, size, age;
    struct range warning;
    struct string_list packages;
    int verbosity, rule, zone;
    bool survey;
    int sum;
};

static struct settings settings;

/* Adds up numbers; refuses letters. */
static int sum_parse(void *target, const char *value, struct failure *failure)
{
    if (value[strspn(value, "0123456789")] != '\0')
        return (fail)(failure, "'%s' is no number", value);
    *(int *)target += atoi(value);
    return 0;
}

static void sum_reset(void *target)
{
    *(int *)target = 0;
}

#define AT(member) .offset = offsetof(struct settings, member)

static const struct option connection[] = {
    {.name = "hostname",
     .letter = 'H',
     .type = OPTION_TEXT,
     AT(hostname),
     .argument = "HOST",
     .help = "Server."},
    {.name = "port",
     .letter = 'p',
     .type = OPTION_INTEGER,
     AT(port),
     .argument = "PORT",
     .fallback = "1433",
     .least = 1,
     .most = 65535,
     .help = "TCP port."},
    {.name = "password",
     .type = OPTION_TEXT,
     AT(password),
     .argument = "PASSWORD",
     .flags = OPTION_INI_ONLY | OPTION_SECRET,
     .help = "Password."},
    {.name = "password-file", .type = OPTION_TEXT, AT(password_file), .argument = "FILE", .help = "File."},
    {.name = "connect",
     .type = OPTION_TEXT,
     AT(connect),
     .argument = "STRING",
     .flags = OPTION_CONNECTION_STRING,
     .help = "Connection string."},
    {.name = "KRB5CCNAME",
     .type = OPTION_TEXT,
     AT(cache),
     .argument = "CACHE",
     .flags = OPTION_INI_ONLY,
     .help = "Tickets."},
};

static const struct option question[] = {
    {.name = "verbose", .letter = 'v', .type = OPTION_COUNT, AT(verbosity), .help = "Say more."},
    {.name = "warning",
     .letter = 'w',
     .type = OPTION_RANGE,
     AT(warning),
     .argument = "RANGE",
     .fallback = "24h",
     .help = "Warn outside of it."},
    {.name = "package", .type = OPTION_LIST, AT(packages), .argument = "ID,...", .help = "Packages."},
    {.name = "rule",
     .type = OPTION_CHOICE,
     AT(rule),
     .choices = "version|recipe",
     .fallback = "version",
     .help = "Rule."},
    {.name = "zone", .type = OPTION_CHOICE, AT(zone), .choices = "utc|local", .help = "Zone."},
    {.name = "max-bytes",
     .type = OPTION_SIZE,
     AT(size),
     .argument = "SIZE",
     .fallback = "64MiB",
     .help = "Size."},
    {.name = "forget",
     .type = OPTION_DURATION,
     AT(age),
     .argument = "DURATION",
     .least = 60,
     .most = 86400,
     .fallback = "1h",
     .help = "Age."},
    {.name = "survey", .type = OPTION_FLAG, AT(survey), .help = "Survey."},
    {.name = "sum",
     .type = OPTION_CUSTOM,
     AT(sum),
     .argument = "N",
     .fallback = "5",
     .flags = OPTION_REPEATABLE,
     .parse = sum_parse,
     .reset = sum_reset,
     .help = "Numbers."},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct option_group groups[] = {
    {"Database connection", connection, COUNT(connection), &settings},
    {"Question", question, COUNT(question), &settings},
};

static const struct manual_section sections[] = {{"EXIT STATUS", "0 OK.\n\n  an example\n"}};

static const struct program program = {
    .name = "check_x",
    .purpose = "ask for x",
    .description = "One.\n\nTwo.",
    .groups = groups,
    .group_count = COUNT(groups),
    .sections = sections,
    .section_count = COUNT(sections),
};

static char ini_path[] = "/tmp/test_options.XXXXXX";

static int make_ini(void **state)
{
    (void)state;
    int file = mkstemp(ini_path);
    return file >= 0 ? close(file) : -1;
}

static int remove_ini(void **state)
{
    (void)state;
    return unlink(ini_path);
}

static void write_ini(const char *text, mode_t mode)
{
    FILE *file = fopen(ini_path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(ini_path, mode), 0);
}

/* Parse arguments that are parted by '|'; "INI" stands for --extra-opts with the ini file. */
static enum options_outcome parse(const char *arguments, struct options_arena **arena, struct text *output,
                                  struct failure *failure)
{
    static char program_name[] = "check_x";
    char copy[512], extra[64], *argv[32] = {program_name};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", arguments);
    snprintf(extra, sizeof extra, "--extra-opts=@%s", ini_path);
    for (char *rest = copy, *word; *arguments != '\0' && (word = strsep(&rest, "|")) != NULL;)
        argv[argc++] = strcmp(word, "INI") == 0 ? extra : word;
    *failure = (struct failure){""};
    return options_parse(&program, argc, argv, arena, output, failure);
}

/* What options_settings shows, with ';' for line ends and "x.ini" for the ini file. */
static void show_settings(const struct options_arena *arena, struct text *shown)
{
    struct text all = {0};
    options_settings(&program, arena, &all);
    for (const char *at = text_string(&all); *at != '\0';) {
        if (strncmp(at, ini_path, strlen(ini_path)) == 0) {
            text_add(shown, "x.ini");
            at += strlen(ini_path);
        } else {
            text_addf(shown, "%c", *at == '\n' ? ';' : *at);
            at++;
        }
    }
    text_free(&all);
}

static const struct {
    const char *arguments;
    const char *ini;
    const char *shown; /* a part of the settings */
} good[] = {
    {"", "",
     "--port=1433 (default);--warning=24h (default);--rule=version (default);--max-bytes=64MiB (default);"},
    {"-H|sql01", "", "--hostname=sql01 (command line);"},
    {"-Hsql01", "", "--hostname=sql01 (command line);"},
    {"--hostname|sql01", "", "--hostname=sql01 (command line);"},
    {"--hostname=a=b", "", "--hostname=a=b (command line);"},
    {"--hostname=a|--hostname=b", "", "--hostname=b (command line);"},
    {"-vvH|x", "", "--verbose (command line);--verbose (command line);"},
    {"--package=A, B|--package=C", "", "--package=A, B (command line);--package=C (command line);"},
    {"--sum=1|--sum=2", "", "--sum=1 (command line);--sum=2 (command line);"},
    {"--connect=Driver=SQLite3;Database=x", "", "--connect=Driver=SQLite3;Database=x (command line);"},
    {"INI", "[check_x]\nhostname = sql01\nw = 3h\n", "--hostname=sql01 (x.ini:2);--port=1433 (default);"},
    {"INI", "[check_x]\nhostname = sql01\nw = 3h\n", "--warning=3h (x.ini:3);"},
    {"INI|--hostname=b", "[check_x]\nhostname = a\n", "--hostname=b (command line);"},
    {"--hostname=b|INI", "[check_x]\nhostname = a\n", "--hostname=b (command line);"},
    {"--package=C|INI", "[check_x]\npackage = A\n", "--package=A (x.ini:2);--package=C (command line);"},
    {"INI", "[check_x]\npassword = a;b #c\n", "password=(set) (x.ini:2);"},
    {"INI", "[check_x]\nconnect = DSN=x;pwd = y\n", "--connect=(set) (x.ini:2);"},
    {"INI", "[check_x]\nKRB5CCNAME = FILE:/x\n", "KRB5CCNAME=FILE:/x (x.ini:2);"},
};

static void settings_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct options_arena *arena;
        struct text output = {0}, shown = {0};
        struct failure failure;
        write_ini(good[i].ini, 0640);
        /* Twice: nothing may be left of the first time. */
        assert_int_equal(parse(good[i].arguments, &arena, &output, &failure), OPTIONS_RUN);
        options_arena_free(arena);
        if (parse(good[i].arguments, &arena, &output, &failure) != OPTIONS_RUN)
            fail_msg("%s: %s", good[i].arguments, failure.text);
        show_settings(arena, &shown);
        if (strstr(text_string(&shown), good[i].shown) == NULL)
            fail_msg("%s: '%s' lacks '%s'", good[i].arguments, text_string(&shown), good[i].shown);
        text_free(&shown);
        text_free(&output);
        options_arena_free(arena);
    }
}

static void values_reach_their_targets(void **state)
{
    (void)state;
    struct options_arena *arena;
    struct text output = {0};
    struct failure failure;
    write_ini("[check_x]\npassword = a;b #c\npackage = A,B\nverbose = 2\nsurvey\nzone = local\nsum = 7\n",
              0600);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            parse("INI|-v|--package=C|-w|@1h:2h|--forget=10m|--max-bytes=1k|--rule=recipe|-p|1|--sum=2",
                  &arena, &output, &failure),
            OPTIONS_RUN);
        assert_string_equal(settings.password, "a;b #c");
        assert_null(settings.hostname);
        assert_int_equal(settings.packages.count, 3);
        assert_string_equal(settings.packages.strings[1], "B");
        assert_string_equal(settings.packages.strings[2], "C");
        assert_int_equal(settings.verbosity, 3);
        assert_true(settings.survey);
        assert_true(settings.warning.set && settings.warning.inside);
        assert_int_equal(settings.warning.end, 7200);
        assert_int_equal(settings.age, 600);
        assert_int_equal(settings.size, 1000);
        assert_int_equal(settings.rule, 1);
        assert_int_equal(settings.zone, 1);
        assert_int_equal(settings.port, 1);
        assert_int_equal(settings.sum, 9);
        options_arena_free(arena);
    }
    assert_int_equal(parse("", &arena, &output, &failure), OPTIONS_RUN);
    assert_int_equal(settings.zone, -1);
    assert_int_equal(settings.sum, 5);
    assert_int_equal(settings.packages.count, 0);
    assert_int_equal(settings.age, 3600);
    assert_false(settings.survey);
    options_arena_free(arena);
    text_free(&output);
}

static const struct {
    const char *arguments;
    const char *ini;
    const char *words;
} bad[] = {
    {"--warnin=1", "", "unknown option --warnin; did you mean --warning?"},
    {"--warn=1", "", "unknown option --warn; did you mean --warning?"},
    {"--Warning=1", "", "did you mean --warning?"},
    {"--pakcage=1", "", "did you mean --package?"},
    {"--qqqqqq", "", "unknown option --qqqqqq; check_x --help lists all"},
    {"-x", "", "unknown option -x; check_x --help lists all"},
    {"-vx", "", "unknown option -x"},
    {"--warning", "", "--warning needs a value: --warning=RANGE"},
    {"-w", "", "--warning needs a value: --warning=RANGE"},
    {"--rule", "", "--rule needs a value"},
    {"--survey=yes", "", "--survey takes no value"},
    {"--hostname=", "", "--hostname: the value is missing; write hostname=HOST"},
    {"--warning=1x", "", "--warning: '1x' has an unknown unit"},
    {"--warning=2h:1h", "", "--warning: '2h:1h' is not a range: its start lies above its end"},
    {"--port=0", "", "--port: 0 is not between 1 and 65535"},
    {"--port=abc", "", "--port: 'abc' is not a whole number"},
    {"--forget=1s", "", "--forget: 1s is not between 60 s and 24 h"},
    {"--max-bytes=1x", "", "--max-bytes: '1x' has an unknown unit"},
    {"--rule=versoin", "", "--rule: 'versoin' is not one of version or recipe; did you mean version?"},
    {"--rule=zzz", "", "--rule: 'zzz' is not one of version or recipe"},
    {"--package=A,,B", "", "--package: the list has an empty item"},
    {"--sum=x", "", "--sum: 'x' is no number"},
    {"--package=\xFF", "", "--package: the value is not valid UTF-8"},
    {"foo", "", "unexpected argument 'foo'"},
    {"--|foo", "", "unexpected argument 'foo'"},
    {"-v|", "", "there is an empty argument"},
    {"--extra-opts|foo", "", "--extra-opts=foo"},
    {"--hostname=a\nb|-x", "", "unknown option -x"},
    {"--a\nb", "", "unknown option --a b;"},
    {"--describe=x", "", "--describe: 'x' is not one of man, bash, markdown, ini or tsv"},
    {"--KRB5CCNAME=x", "", "--KRB5CCNAME is not an option of the command line: put it into the ini file"},
    {"--password=hunter2", "", "--password is not an option, because ps shows it to every user"},
    {"--password|hunter2", "", "or use --password-file"},
    {"--connect=DSN=x;PWD=hunter2", "", "argument 1 holds PWD= or PASSWORD="},
    {"-v|--connect|DSN=x; pwd = hunter2", "", "argument 3 holds PWD= or PASSWORD="},
    {"--connect=DSN=x;Password\t=hunter2", "", "argument 1 holds"},
    {"PASSWORD=hunter2", "", "argument 1 holds"},
    {"--Password=hunter2", "", "argument 1 holds"},
    {"INI", "", "there is no section [check_x]"},
    {"INI", "[check_xx]\n", "did you mean [check_xx]?"},
    {"INI", "[check_x]\n\nwarnin = 1h\n", "x.ini:3: unknown key warnin; did you mean warning?"},
    {"INI", "[check_x]\nq = 1h\n", "x.ini:2: unknown key q; check_x --help lists all"},
    {"INI", "[check_x]\nwarning = 1x\n", "x.ini:2: warning: '1x' has an unknown unit"},
    {"INI", "[check_x]\nwarning = 1h # one\n", "(a comment needs a line of its own)"},
    {"INI", "[check_x]\nsurvey = maybe\n", "x.ini:2: survey: 'maybe' is neither yes nor no"},
    {"INI", "[check_x]\nwarning\n", "x.ini:2: warning: the value is missing; write warning=RANGE"},
    {"INI", "[check_x]\nhelp\n", "x.ini:2: help is for the command line only"},
    {"INI", "[check_x]\nextra-opts = y\n", "x.ini:2: extra-opts is for the command line only"},
    {"INI", "[check_x]\nTr0ub4dor&3\n",
     "x.ini:2: the line is not a known key (not shown); write key = value"},
    {"INI", "[check_x]\nTr0ub4dor3 = x\n",
     "x.ini:2: the line is not a known key (not shown); write key = value"},
    {"INI", "[check_x]\nc2VjcmV0 horse\n",
     "x.ini:2: the line is not a known key (not shown); write key = value"},
    {"INI", "[check_x]\nPATH = /\n", "x.ini:2: unknown key PATH; check_x --help lists all"},
    {"INI", "[check_x]\npassword hunter2\n", "x.ini:2: 'password ...' is not a key; write key = value"},
    {"INI", "[check_x]\npassword = abc\nhunter2==\n", "x.ini:3: the line behind the secret password"},
    {"INI", "[check_x]\npassword = hunter2\xFF\n", "x.ini:2: password: the value is not valid UTF-8"},
    {"INI", "[check_x]\npackage = \xE4\n", "x.ini:2: package: the value is not valid UTF-8"},
    {"--extra-opts=@/nonexistent/y.ini", "", "cannot read the ini file /nonexistent/y.ini: No such file"},
    {"--extra-opts=y@", "", "--extra-opts: no file is named after the '@'"},
};

static void wrong_options_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct options_arena *arena;
        struct text output = {0};
        struct failure failure;
        write_ini(bad[i].ini, 0600);
        enum options_outcome outcome = parse(bad[i].arguments, &arena, &output, &failure);
        char *path = strstr(failure.text, ini_path);
        if (path != NULL) {
            memcpy(path, "x.ini", 5);
            memmove(path + 5, path + strlen(ini_path), strlen(path + strlen(ini_path)) + 1);
        }
        if (outcome != OPTIONS_BAD || strstr(failure.text, bad[i].words) == NULL)
            fail_msg("%s [%s]: '%s', '%s' expected", bad[i].arguments, bad[i].ini, failure.text,
                     bad[i].words);
        if (strstr(failure.text, "hunter2") != NULL || strpbrk(failure.text, "\n|") != NULL)
            fail_msg("%s [%s]: '%s'", bad[i].arguments, bad[i].ini, failure.text);
        text_free(&output);
        options_arena_free(arena);
    }
}

static const struct {
    const char *ini;
    mode_t mode;
    bool taken;
} secrets[] = {
    {"[check_x]\npassword = hunter2\n", 0644, false},
    {"[check_x]\npassword = hunter2\n", 0602, false},
    {"[check_x]\npassword = hunter2\n", 0640, true},
    {"[check_x]\nconnect = DSN=x;PWD=hunter2\n", 0644, false},
    {"[check_x]\nconnect = DSN=x;PWD=hunter2\n", 0640, true},
    {"[check_x]\nconnect = DSN=x\n", 0644, true},
    {"[check_x]\nhostname = x\n[other]\npassword = hunter2\n", 0644, true},
};

static void files_with_secrets_must_be_closed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(secrets); i++) {
        struct options_arena *arena;
        struct text output = {0};
        struct failure failure;
        write_ini(secrets[i].ini, secrets[i].mode);
        enum options_outcome outcome = parse("INI", &arena, &output, &failure);
        if ((outcome == OPTIONS_RUN) != secrets[i].taken || strstr(failure.text, "hunter2") != NULL)
            fail_msg("%s mode %04o: %d '%s'", secrets[i].ini, (unsigned)secrets[i].mode, (int)outcome,
                     failure.text);
        if (!secrets[i].taken && strstr(failure.text, "chmod o-rwx") == NULL)
            fail_msg("%s mode %04o: '%s'", secrets[i].ini, (unsigned)secrets[i].mode, failure.text);
        text_free(&output);
        options_arena_free(arena);
    }
}

static const struct {
    const char *arguments;
    const char *part;
} printed[] = {
    {"--help", "Usage: check_x [OPTION]...\n"},
    {"-h", "  -w, --warning=RANGE\n          Warn outside of it. (default: 24h)\n"},
    {"-h", "Only in the ini file (--extra-opts):\n  password=PASSWORD\n"},
    {"-h", "      --rule=version|recipe\n"},
    {"-h", "EXIT STATUS:\n  0 OK.\n\n    an example\n"},
    {"-V", "check_x (monitoring-plugins-sms) "},
    {"--version", "GNU General Public License"},
    {"--describe=man", ".SH \"EXIT STATUS\"\n0 OK.\n.PP\n.EX\n  an example\n.EE\n"},
    {"--describe=man", "\\fB\\-w\\fR, \\fB\\-\\-warning\\fR=\\fIRANGE\\fR\n"},
    {"--describe=bash", "complete -F _check_x check_x\n"},
    {"--describe=bash", "compgen -W \"version recipe\""},
    {"--describe=markdown", "| `-w` `--warning=RANGE` | `24h` | Warn outside of it. |\n"},
    {"--describe=markdown", "`--rule=version\\|recipe`"},
    {"--describe=ini", "[check_x]\n"},
    {"--describe=ini", "\n# Warn outside of it. (default: 24h)\n#warning = 24h\n"},
    {"--describe=ini", "\n#password = ...\n"},
    {"--describe=tsv", "\nwarning\tw\tRANGE\t24h\t\tWarn outside of it.\n"},
    {"--describe=tsv", "\npassword\t\tPASSWORD\t\tini-only,secret\tPassword.\n"},
    {"--extra-opts=@/nonexistent|--help", "Usage:"},
};

static void pages_are_made_from_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(printed); i++) {
        struct options_arena *arena;
        struct text output = {0};
        struct failure failure;
        if (parse(printed[i].arguments, &arena, &output, &failure) != OPTIONS_PRINTED)
            fail_msg("%s: %s", printed[i].arguments, failure.text);
        if (strstr(text_string(&output), printed[i].part) == NULL)
            fail_msg("%s: '%s' lacks '%s'", printed[i].arguments, text_string(&output), printed[i].part);
        if (strstr(text_string(&output), "describe") != NULL && strstr(text_string(&output), ".TH") == NULL)
            fail_msg("%s shows the hidden option", printed[i].arguments);
        text_free(&output);
        options_arena_free(arena);
    }
}

static void help_fits_80_columns(void **state)
{
    (void)state;
    struct options_arena *arena;
    struct text output = {0};
    struct failure failure;
    assert_int_equal(parse("--help", &arena, &output, &failure), OPTIONS_PRINTED);
    for (const char *line = text_string(&output); *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t length = strcspn(line, "\n");
        if (length > 80 || (length > 0 && line[length - 1] == ' '))
            fail_msg("%zu columns: %.*s", length, (int)length, line);
    }
    text_free(&output);
    options_arena_free(arena);
}

/* Every example of the ini file, taken out of its comment, is read again. */
static void the_example_ini_file_is_valid(void **state)
{
    (void)state;
    struct options_arena *arena;
    struct text output = {0}, keys = {0};
    struct failure failure;
    assert_int_equal(parse("--describe=ini", &arena, &output, &failure), OPTIONS_PRINTED);
    options_arena_free(arena);
    for (const char *line = text_string(&output); *line != '\0'; line += strcspn(line, "\n") + 1) {
        bool key = line[0] == '#' && line[1] != ' ' && line[1] != '\n';
        bool placeholder = strstr(line, "HOST") == line + 12 || strncmp(line, "#zone", 5) == 0;
        if ((key || line[0] == '[') && !placeholder)
            text_addf(&keys, "%.*s\n", (int)strcspn(line + key, "\n"), line + key);
    }
    write_ini(text_string(&keys), 0600);
    if (parse("INI", &arena, &output, &failure) != OPTIONS_RUN)
        fail_msg("%s\n%s", failure.text, text_string(&keys));
    options_arena_free(arena);
    text_free(&keys);
    text_free(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_read),
        cmocka_unit_test(values_reach_their_targets),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(files_with_secrets_must_be_closed),
        cmocka_unit_test(pages_are_made_from_the_table),
        cmocka_unit_test(help_fits_80_columns),
        cmocka_unit_test(the_example_ini_file_is_valid),
    };
    return cmocka_run_group_tests(tests, make_ini, remove_ini);
}
