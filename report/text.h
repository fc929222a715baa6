#pragma once

#include <string>
#include <string_view>

namespace rtprof {

// What a target calls its functions, files and threads is arbitrary bytes. Everything a report writes goes
// through one of these.

// Valid UTF-8 without control characters: what is not UTF-8 (overlong forms and surrogates included) becomes
// U+FFFD, control characters and the Unicode line separators become a space.
std::string clean_text(std::string_view bytes);

// clean_text, and ';' becomes ':' since it separates the frames of a collapsed stack.
std::string clean_frame_text(std::string_view bytes);

// Appends clean_text(bytes) as a JSON string with its quotes. '<', '>' and '&' are escaped too, so that the
// result can stand inside a <script> element.
void append_json_string(std::string& out, std::string_view bytes);
std::string json_string(std::string_view bytes);

// clean_text with the characters escaped that mean something in HTML and XML, for content and attributes.
std::string markup_text(std::string_view bytes);

// Whether all of `text` matches `pattern`, in which '*' stands for any run of bytes and '?' for any one.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace rtprof
