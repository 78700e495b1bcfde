import stand_in
from behave import then, when


@when('"{place}" runs')
def runs(context, place):
    stand_in.ran(place)


@then("it fails")
def fails(context):
    raise AssertionError
