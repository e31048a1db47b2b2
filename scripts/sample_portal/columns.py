"""The four datasets as the portal publishes them: ids, names, and columns with their types, in order.

Facts of August 2025. What `*` returns is exactly this list, with the portal's own `:@computed_region` column last.
"""

from __future__ import annotations

from dataclasses import dataclass

TEXT, NUMBER, FLOATING, FIXED, POINT = "text", "number", "floating_timestamp", "fixed_timestamp", "point"
ROW_ID, ROW_VERSION, BOOLEAN = "row_identifier", "row_version", "boolean"

SYSTEM_TYPES = {":id": ROW_ID, ":version": ROW_VERSION, ":created_at": FIXED, ":updated_at": FIXED}

# the view metadata still uses the old names of types
VIEW_TYPES = {FLOATING: "calendar_date", BOOLEAN: "checkbox"}


@dataclass(frozen=True)
class Column:
    field: str
    type: str
    name: str


@dataclass(frozen=True)
class Dataset:
    """A dataset before it has rows. `key` is what an upsert recognises a row by; without one, only `:id` does."""

    slug: str
    id: str
    name: str
    key: str | None
    columns: tuple[Column, ...]

    def column(self, field: str) -> Column | None:
        return next((column for column in self.columns if column.field == field), None)


_NAMES = {
    "private_property_i": "NOT_RIGHT_OF_WAY_I",
    "bac_result_value": "BAC_RESULT VALUE",
    ":@computed_region_rpca_8um6": "Boundaries - ZIP Codes",
}
_TYPES = {"T": TEXT, "N": NUMBER, "D": FLOATING, "P": POINT}


def display_name(field: str) -> str:
    return _NAMES.get(field, field.upper())


def _columns(listing: str) -> tuple[Column, ...]:
    pairs = (entry.rsplit(":", 1) for entry in listing.split())
    return tuple(Column(field, _TYPES[letter], display_name(field)) for field, letter in pairs)


CRASHES = Dataset(
    "crashes",
    "85ca-t3if",
    "Traffic Crashes - Crashes",
    "crash_record_id",
    _columns(
        """
        work_zone_type:T crash_record_id:T crash_date_est_i:T crash_date:D posted_speed_limit:N
        traffic_control_device:T device_condition:T weather_condition:T lighting_condition:T first_crash_type:T
        trafficway_type:T lane_cnt:N alignment:T roadway_surface_cond:T road_defect:T report_type:T crash_type:T
        intersection_related_i:T private_property_i:T hit_and_run_i:T damage:T date_police_notified:D
        prim_contributory_cause:T sec_contributory_cause:T street_no:N street_direction:T street_name:T
        beat_of_occurrence:N photos_taken_i:T statements_taken_i:T dooring_i:T work_zone_i:T workers_present_i:T
        num_units:N most_severe_injury:T injuries_total:N injuries_fatal:N injuries_incapacitating:N
        injuries_non_incapacitating:N injuries_reported_not_evident:N injuries_no_indication:N injuries_unknown:N
        crash_hour:N crash_day_of_week:N crash_month:N latitude:N longitude:N location:P
        :@computed_region_rpca_8um6:N
        """
    ),
)
PEOPLE = Dataset(
    "people",
    "u6pd-qa9d",
    "Traffic Crashes - People",
    "person_id",
    _columns(
        """
        crash_record_id:T cell_phone_use:T driver_vision:T person_type:T pedpedal_location:T ems_agency:T city:T
        state:T ems_run_no:T sex:T safety_equipment:T zipcode:T physical_condition:T pedpedal_visibility:T
        drivers_license_state:T injury_classification:T ejection:T hospital:T crash_date:D airbag_deployed:T
        pedpedal_action:T driver_action:T drivers_license_class:T seat_no:T vehicle_id:T age:N bac_result:T
        bac_result_value:N person_id:T
        """
    ),
)
VEHICLES = Dataset(
    "vehicles",
    "68nd-jvt3",
    "Traffic Crashes - Vehicles",
    "crash_unit_id",
    _columns(
        """
        crash_date:D lic_plate_state:T vehicle_year:N mcs_vio_cause_crash_i:T gvwr:T commercial_src:T
        first_contact_point:T idot_permit_no:T vehicle_use:T wide_load_i:T hazmat_present_i:T total_vehicle_length:N
        make:T load_type:T trailer1_length:N travel_direction:T maneuver:T usdot_no:T towed_to:T unit_no:N
        area_10_i:T towed_by:T fire_i:T crash_record_id:T hazmat_report_i:T hazmat_name:T trailer2_width:T
        vehicle_defect:T area_99_i:T area_04_i:T carrier_city:T cargo_body_type:T area_02_i:T hazmat_class:T
        area_01_i:T unit_type:T area_11_i:T ccmc_no:T carrier_name:T area_08_i:T area_09_i:T towed_i:T vehicle_id:N
        occupant_cnt:N hazmat_report_no:T trailer1_width:T axle_cnt:N area_05_i:T area_07_i:T model:T
        vehicle_config:T exceed_speed_limit_i:T num_passengers:N un_no:T cmv_id:N ilcc_no:T carrier_state:T
        hazmat_out_of_service_i:T cmrc_veh_i:T hazmat_vio_cause_crash_i:T area_00_i:T hazmat_placards_i:T
        crash_unit_id:N area_12_i:T vehicle_type:T area_03_i:T area_06_i:T mcs_out_of_service_i:T trailer2_length:N
        mcs_report_no:T mcs_report_i:T
        """
    ),
)
FATALITIES = Dataset(
    "vision_zero_fatalities",
    "gzaz-isa6",
    "Traffic Crashes - Vision Zero Chicago Traffic Fatalities",
    None,
    _columns(
        """
        person_id:T rd_no:T crash_date:D crash_location:T victim:T crash_circumstances:T longitude:N latitude:N
        geocoded_column:P
        """
    ),
)
DATASETS = (CRASHES, PEOPLE, VEHICLES, FATALITIES)
