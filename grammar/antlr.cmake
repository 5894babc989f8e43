# Generates the parser from grammar/Netc.g4 into a library, netc_grammar, that only compiler/syntax links.

find_program(ANTLR4 antlr4 REQUIRED)
find_path(ANTLR4_INCLUDE antlr4-runtime.h PATH_SUFFIXES antlr4-runtime REQUIRED)
find_library(ANTLR4_LIBRARY NAMES libantlr4-runtime.a antlr4-runtime REQUIRED)

set(grammar_out ${CMAKE_BINARY_DIR}/grammar)
set(grammar_sources ${grammar_out}/NetcLexer.cpp ${grammar_out}/NetcParser.cpp)
# A relative name from grammar/ keeps the generated text the same wherever the project stands.
add_custom_command(
  OUTPUT ${grammar_sources}
  COMMAND ${ANTLR4} -Dlanguage=Cpp -Werror -no-visitor -no-listener -encoding UTF-8 -o ${grammar_out} Netc.g4
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/grammar
  DEPENDS ${CMAKE_SOURCE_DIR}/grammar/Netc.g4
  COMMENT "Generating the parser")
add_library(netc_grammar STATIC ${grammar_sources})
# The generated code writes u8"..." into std::string, which C++20 no longer allows.
target_compile_features(netc_grammar PRIVATE cxx_std_17)
set_target_properties(netc_grammar PROPERTIES CXX_STANDARD 17)
target_compile_options(netc_grammar PRIVATE -w)
target_include_directories(netc_grammar SYSTEM PUBLIC ${grammar_out} ${CMAKE_SOURCE_DIR}/grammar ${ANTLR4_INCLUDE})
target_link_libraries(netc_grammar PUBLIC ${ANTLR4_LIBRARY} Threads::Threads)
