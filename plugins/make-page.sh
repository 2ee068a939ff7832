#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: make-page.sh PAGE.md >PAGE.html
#
# A page of the documentation as HTML, for the link that the consoles show at a service. The tables of our pages need
# cmark-gfm or pandoc; where neither is, the page is its Markdown as it stands, so that the link never leads nowhere.
# SMS_PAGES chooses: cmark-gfm, pandoc or none.
set -eu
page=$1
title=$(sed -n 's/^# //p' "$page" | head -n 1)

tool=${SMS_PAGES:-}
for one in cmark-gfm pandoc; do
    [ -n "$tool" ] || ! command -v "$one" >/dev/null 2>&1 || tool=$one
done

escape() {
    sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
}

cat <<HEAD
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$(printf '%s' "$title" | escape)</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid #888; padding: .3rem .6rem; text-align: left; vertical-align: top; }
code, pre { font: 14px/1.4 monospace; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid #888; white-space: pre-wrap; }
</style>
</head>
<body>
HEAD
# Links between the pages lead to their HTML.
case $tool in
cmark-gfm) cmark-gfm --extension table "$page" | sed 's/\(href="[A-Za-z_]*\)\.md\(["#]\)/\1.html\2/g' ;;
pandoc) pandoc --from gfm --to html5 "$page" | sed 's/\(href="[A-Za-z_]*\)\.md\(["#]\)/\1.html\2/g' ;;
*)
    echo '<pre>'
    escape <"$page"
    echo '</pre>'
    ;;
esac
printf '</body>\n</html>\n'
