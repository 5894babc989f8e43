# netc_folder(compiler/syntax PUBLIC … PRIVATE …): a library netc_<folder> of the folder's sources; main.cpp and *_test.cpp stay out.
function(netc_folder folder)
  cmake_path(GET folder FILENAME name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  add_library(netc_${name} STATIC ${sources})
  set_target_properties(netc_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(netc_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(netc_${name} ${ARGN})
endfunction()

# netc_embed(TARGET GLOB): the files' texts as `const EmbeddedFile kEmbeddedFiles[]`, declared in compiler/prelude/embedded.h.
function(netc_embed target pattern)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${pattern})
  list(SORT files)
  set(entries "")
  foreach(path IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} text)
    cmake_path(GET path FILENAME file_name)
    string(APPEND entries "    {\"${file_name}\", R\"netc_file(${text})netc_file\"},\n")
  endforeach()
  set(generated ${CMAKE_BINARY_DIR}/embedded/${target}.cpp)
  file(CONFIGURE OUTPUT ${generated} CONTENT
"#include \"compiler/prelude/embedded.h\"

namespace netc {
namespace {
constexpr EmbeddedFile kFiles[] = {
@entries@};
}  // namespace

std::span<const EmbeddedFile> embedded_files() { return kFiles; }

}  // namespace netc
" @ONLY)
  target_sources(${target} PRIVATE ${generated})
endfunction()
