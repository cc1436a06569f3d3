{# A text as JSON writes it, in quotes; line ends and tabs become blanks. #}
{% macro json_string(text) -%}
    '"' || replace(replace(
        translate({{ text }}, chr(9) || chr(10) || chr(13), '   '), chr(92), chr(92) || chr(92)), '"', chr(92) || '"'
    ) || '"'
{%- endmacro %}
